// Set before the workers start: a test's own `process.env` is a copy that libtensorflow never sees.
process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
process.env.TF_ENABLE_ONEDNN_OPTS ??= '1';

// Packages that are ES modules only, which jest cannot `require` before Node 24.
const ES_MODULES = 'onnx-buf|h5wasm';

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: '<rootDir>/test/environment.js',
  roots: ['<rootDir>/test'],
  // Types are checked here too; 151002 only asks for isolatedModules, which would hide type errors.
  transform: {
    '^.+\\.ts$': ['ts-jest', { tsconfig: '<rootDir>/tsconfig.json', diagnostics: { ignoreCodes: [151002] } }],
    [`/node_modules/(${ES_MODULES})/.+\\.js$`]: '<rootDir>/test/esm-to-commonjs.js',
  },
  // jest runs no `import()`.
  moduleNameMapper: { '/load-h5wasm$': '<rootDir>/test/support/load-h5wasm.ts' },
  transformIgnorePatterns: [`/node_modules/(?!(${ES_MODULES})/)`],
  testTimeout: 60_000,
  maxWorkers: 2,
};
