import js from '@eslint/js';
import importX from 'eslint-plugin-import-x';
import { builtinModules } from 'node:module';
import tseslint from 'typescript-eslint';

// Imports point one way. A folder may import from itself and from the folders named before it.
const ORDER = [
  'src/kind-of.ts',
  'src/errors.ts',
  'src/check-options.ts',
  'src/check-kinds.ts',
  'src/given-bytes.ts',
  'src/file-kinds.ts',
  'src/files',
  'src/ops',
  'src/backends',
  'src/layers',
  'src/safetensors',
  'src/data',
  'src/inspect',
  'src/train',
  'src/graph',
  'src/formats',
  'src/export',
  'src/import',
  'src/inference',
  'src/compare',
  'src/diagrams',
  'src/index.ts',
  'src/node.ts',
  'models',
  'scripts',
];
const directions = ORDER.slice(0, -1).map((target, position) => ({
  target: `./${target}`,
  from: ORDER.slice(position + 1).map((later) => `./${later}`),
  message: 'Imports point one way: see ORDER in eslint.config.mjs.',
}));

// What runs in a browser must not reach for Node.
const NODE_ONLY = [
  'src/node.ts',
  'src/files/**',
  'src/data/**',
  'src/backends/tensorflow/**',
  'src/**/*-node.ts',
];
const nodeModules = builtinModules.flatMap((name) => [name, `node:${name}`]);

export default tseslint.config(
  { ignores: ['dist', 'coverage', 'node_modules', 'runs', 'docs/results'] },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver': { node: { extensions: ['.ts', '.js'] } } },
    rules: {
      'import-x/no-default-export': 'error',
      'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones: directions }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['src/**/*.ts', 'models/**/*.ts'],
    ignores: NODE_ONLY,
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [...nodeModules, '@tensorflow/tfjs-node'].map((name) => ({
            name,
            message: 'This file must bundle for a browser.',
          })),
        },
      ],
    },
  },
  {
    files: ['**/*.js', '**/*.mjs', 'test/**/*.ts'],
    languageOptions: {
      globals: {
        require: 'readonly',
        module: 'writable',
        process: 'readonly',
        globalThis: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        Buffer: 'readonly',
      },
    },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
);
