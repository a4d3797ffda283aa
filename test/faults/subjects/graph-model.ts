import { foldBatchNorm } from '../../../src/graph/fold-batch-norm';
import { lowerModel } from '../../../src/graph/lower-model';
import { toGraphModel } from '../../../src/export/graph-model';
import { loadGraphModel } from '../../../src/import/graph-model';
import { holdSubject } from '../subject';
import { smallNetwork } from '../small-network';

const model = smallNetwork();
const files = Object.fromEntries(toGraphModel(foldBatchNorm(lowerModel(model))));
model.dispose();
void holdSubject({
  files,
  read: async (folder) => void (await loadGraphModel(folder)).dispose(),
});
