import type { ConvSpec } from '../conv-spec';
import { TENSORFLOW } from '../libtensorflow';
import { runOwnKernel, whyNoOwnKernels, type OwnKernels } from '../own-kernels';
import type { Strategy } from './strategy';

/** Zeros around the image are nothing special to our kernels. */
const ALL_PASSES = ['forward', 'backpropInput', 'backpropFilter'] as const;

/**
 * A strategy by a family of this package's own kernels.
 *
 * @param unknown what of a geometry the family does not know, or `undefined` where it knows all of it
 */
export function byOwnKernels<Name extends string>(
  name: Name,
  family: OwnKernels,
  summary: string,
  unknown: (spec: ConvSpec) => string | undefined,
): Strategy<Name> {
  return {
    name,
    summary: `this package's own kernel within libtensorflow, ${summary}`,
    handles: { explicitPadding: ALL_PASSES },
    declines(spec, _pass, backend) {
      if (backend !== TENSORFLOW)
        return `it needs the ${TENSORFLOW} backend (tfjs-node), and this is ${backend}`;
      return whyNoOwnKernels() ?? unknown(spec);
    },
    forward: (x, filter, spec) => runOwnKernel(family, 'forward', x, filter, spec),
    backpropInput: (dy, filter, spec) => runOwnKernel(family, 'backpropInput', dy, filter, spec),
    backpropFilter: (x, dy, spec) => runOwnKernel(family, 'backpropFilter', x, dy, spec),
  };
}
