import { join } from 'node:path';

import { torchTensors } from '../../../src/import/torch-weights';
import { loadTorchWeights } from '../../../src/import/torch-weights-node';
import { serialiseSafetensors } from '../../../src/safetensors/serialise';
import { smallNetwork } from '../small-network';
import { holdSubject } from '../subject';

const network = smallNetwork();
const bytes = serialiseSafetensors(torchTensors(network), new Map([['format', 'pt']]));

void holdSubject({
  files: { 'small.safetensors': bytes },
  read: async (folder) => void (await loadTorchWeights(network, join(folder, 'small.safetensors'))),
});
