import { packageRoot } from '../../scripts/cli/package-root';
import { stalePictures } from '../../scripts/draw-pictures';

test('the pictures of docs/pictures are those of the models and of what a convolution is', async () => {
  expect(await stalePictures(packageRoot())).toEqual([]);
});
