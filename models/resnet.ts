import { CIFAR, defineFamily } from './family';
import { basicBlock } from './blocks/residual';

export const resnet = defineFamily({
  title: 'ResNet',
  paper: 'He et al., "Deep residual learning for image recognition", arXiv:1512.03385',
  variants: {
    resnet18_cifar: { ...CIFAR, depths: [2, 2, 2, 2], widths: [64, 128, 256, 512] },
  },
  build(b, { depths, widths }) {
    // For 32x32 images the stem keeps the resolution: 3x3 at stride 1 and no pooling after it.
    let x = b.relu(b.norm(b.conv(b.image, 'conv1', { filters: widths[0] }), 'bn1'), 'relu');
    depths.forEach((depth, stage) => {
      for (let index = 0; index < depth; index++) {
        const stride = stage > 0 && index === 0 ? 2 : 1;
        const width = widths[stage];
        x = basicBlock(b, x, `layer${stage + 1}.${index}`, { width, out: width, stride });
      }
    });
    return b.classifier(x, 'fc');
  },
});
