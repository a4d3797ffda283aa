// tfjs-node needs nothing of TensorFlow but its C API, which these Python wheels carry. The explicit tags make any
// Python's pip fetch the same file; a wheel is listed here only after its hash was computed from a download of it.
const WHEELS = {
  'linux-x64': {
    package: 'tensorflow-cpu',
    version: '2.21.0',
    fileName: 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
    bytes: 273_829_956,
    sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
    pythonVersion: '3.11',
    abi: 'cp311',
    platformTag: 'manylinux_2_27_x86_64',
    minimumGlibc: [2, 27],
    libraries: ['tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2'],
    // What `g++ -M` lists for tfjs-node's binding, out of 14,000 headers.
    headers: [
      'tensorflow/include/tensorflow/c/c_api.h',
      'tensorflow/include/tensorflow/c/c_api_macros.h',
      'tensorflow/include/tensorflow/c/eager/c_api.h',
      'tensorflow/include/tensorflow/c/tf_attrtype.h',
      'tensorflow/include/tensorflow/c/tf_buffer.h',
      'tensorflow/include/tensorflow/c/tf_datatype.h',
      'tensorflow/include/tensorflow/c/tf_status.h',
      'tensorflow/include/tensorflow/c/tf_tensor.h',
      'tensorflow/include/tensorflow/c/tf_tstring.h',
      'tensorflow/include/tensorflow/core/platform/ctstring.h',
      'tensorflow/include/tensorflow/core/platform/ctstring_internal.h',
      'tensorflow/include/tsl/platform/ctstring.h',
      'tensorflow/include/tsl/platform/ctstring_internal.h',
      'tensorflow/include/xla/tsl/c/tsl_status.h',
    ],
    // The wheel's own notices travel with the libraries.
    notices: ['tensorflow/THIRD_PARTY_NOTICES.txt'],
  },
};

/** The wheel for a platform such as `linux-x64`, or undefined where none is pinned. */
export function pinnedWheel(platform = `${process.platform}-${process.arch}`) {
  return Object.hasOwn(WHEELS, platform) ? { ...WHEELS[platform], platform } : undefined;
}

/** The platforms that have a pinned wheel. */
export const NATIVE_PLATFORMS = Object.keys(WHEELS);
