/**
 * The seed of one layer: a function of the model's seed and the layer's name alone, so that a layer begins the same
 * whatever comes before it. Never 0, which tfjs takes for "no seed".
 *
 * @example
 * layerSeed(1, 'layer1.0.conv2') === layerSeed(1, 'layer1.0.conv2'); // true
 */
export function layerSeed(modelSeed: number, layerName: string): number {
  // FNV-1a over the text of both, then a finaliser, because FNV leaves neighbouring names with neighbouring seeds.
  let hash = 0x811c9dc5;
  for (const character of `${modelSeed}/${layerName}`) {
    hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
  hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97);
  return ((hash ^ (hash >>> 15)) >>> 1) + 1;
}
