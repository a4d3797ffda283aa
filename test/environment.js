const { TestEnvironment } = require('jest-environment-node');

// A native addon makes its typed arrays outside the realm that jest gives a test, where tfjs then does not know
// them ("Unsupported TypedArray subtype"). Sharing the outer constructors makes both sides agree.
const SHARED = [
  'ArrayBuffer',
  'Float32Array',
  'Float64Array',
  'Int32Array',
  'Uint8Array',
  'Uint8ClampedArray',
];

module.exports = class NativeAddonEnvironment extends TestEnvironment {
  async setup() {
    await super.setup();
    for (const name of SHARED) this.global[name] = globalThis[name];
  }
};
