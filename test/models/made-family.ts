import { CIFAR, IMAGENET, defineFamily } from '../../models/family';

const WIDTHS = [4, 8, 8, 12] as const;

/** A small network with four stages, the last two of them at one stride, that ends in a linear layer or a convolution. */
export const madeFamily = defineFamily({
  title: 'Made',
  paper: 'M. Ade et al., "Made for tests", arXiv:0000.00000',
  variants: {
    made: { ...IMAGENET, stem: 2, strides: [1, 2, 2, 1], ending: 'linear', marks: true },
    made_cifar: { ...CIFAR, stem: 1, strides: [1, 2, 2, 1], ending: 'linear', marks: true },
    made_convolution: { ...CIFAR, stem: 1, strides: [1, 2, 2, 1], ending: 'convolution', marks: false },
  },
  build(b, { stem, strides, ending, marks }) {
    const mark = (x: ReturnType<typeof b.relu>, module: string) => (marks ? b.feature(x, module) : x);
    let x = b.relu(b.norm(b.conv(b.image, 'conv1', { filters: 4, stride: stem }), 'bn1'), 'relu');
    x = mark(x, 'relu');
    strides.forEach((stride, index) => {
      const name = `layer${index + 1}`;
      let y = b.conv(x, `${name}.0.conv1`, { filters: WIDTHS[index], stride, groups: 2 });
      y = b.norm(y, `${name}.0.bn1`);
      const shortcut = b.conv(x, `${name}.0.downsample.0`, { filters: WIDTHS[index], kernelSize: 1, stride });
      x = mark(b.relu(b.add(y, shortcut, `${name}.0.add`), `${name}.0.relu1`), name);
    });
    if (ending === 'linear') return b.classifier(x, 'fc');
    x = b.relu(b.conv(x, 'classifier.1', { filters: 10, kernelSize: 1, bias: true }), 'classifier.2');
    return b.globalPool(x);
  },
});
