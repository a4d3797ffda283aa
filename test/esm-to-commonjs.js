const { transformSync } = require('esbuild');

// What Node's own `require` does with an ES module.
module.exports = {
  process: (source, path) => ({ code: transformSync(source, { format: 'cjs', sourcefile: path }).code }),
};
