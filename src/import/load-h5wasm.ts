/**
 * HDF5's own C library as WebAssembly. It is an ES module only, and 4 MB: loaded when the first file wants it.
 *
 * Alone in its file, since jest cannot run `import()` and puts another loader in its place (jest.config.js).
 */
export async function loadH5wasm() {
  return import('h5wasm');
}
