// Written by scripts/generate-zoo.ts from the files of models/: change those, and run it.

/** Weights by element, and multiply-accumulates and activations of one image, at the input shape of each model. */
// prettier-ignore
export const ZOO_FIGURES = {
  mobilenet_v1_cifar: { trainable: 3217226, nonTrainable: 21888, macs: 46354432, activations: 411658 },
  mobilenet_toy: { trainable: 67914, nonTrainable: 1920, macs: 3047936, activations: 67594 },
  mobilenet_v2_cifar: { trainable: 2236682, nonTrainable: 34112, macs: 87976448, activations: 1639946 },
  resnet18_cifar: { trainable: 11173962, nonTrainable: 9600, macs: 555422720, activations: 614410 },
  resnext29_8x64d: { trainable: 34426698, nonTrainable: 57472, macs: 5387266048, activations: 8585226 },
  resnext29_16x64d: { trainable: 68155210, nonTrainable: 100480, macs: 10688866304, activations: 15269898 },
  resnext29_32x4d: { trainable: 4775754, nonTrainable: 25216, macs: 774055936, activations: 3571722 },
  resnext29_8x4d: { trainable: 1717578, nonTrainable: 17152, macs: 257763328, activations: 2318346 },
  resnext_toy: { trainable: 137674, nonTrainable: 2688, macs: 6572544, activations: 104458 },
  resnet29_8x64d: { trainable: 164482890, nonTrainable: 57472, macs: 24412628992, activations: 8585226 },
  resnet29_16x64d: { trainable: 625538890, nonTrainable: 100480, macs: 92226136064, activations: 15269898 },
  resnet29_32x4d: { trainable: 13775178, nonTrainable: 25216, macs: 2090543104, activations: 3571722 },
  resnet29_8x4d: { trainable: 2225610, nonTrainable: 17152, macs: 332081152, activations: 2318346 },
  resnet_toy: { trainable: 307018, nonTrainable: 2688, macs: 12765696, activations: 104458 },
} as const;
