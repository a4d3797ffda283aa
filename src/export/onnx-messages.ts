import type * as Protobuf from '@bufbuild/protobuf' with { 'resolution-mode': 'import' };
import type * as Onnx from 'onnx-buf' with { 'resolution-mode': 'import' };

/** A message to encode: plain objects, in which a field that is not there has its default. */
export type ModelInit = Protobuf.MessageInitShape<typeof Onnx.ModelProtoSchema>;
export type NodeInit = Protobuf.MessageInitShape<typeof Onnx.NodeProtoSchema>;
export type AttributeInit = Protobuf.MessageInitShape<typeof Onnx.AttributeProtoSchema>;
export type TensorInit = Protobuf.MessageInitShape<typeof Onnx.TensorProtoSchema>;
export type ValueInfoInit = Protobuf.MessageInitShape<typeof Onnx.ValueInfoProtoSchema>;

/** A model as it was read. */
export type OnnxModel = Onnx.ModelProto;

/** The bytes of an ONNX file. */
export function encodeModel(model: ModelInit): Uint8Array {
  const { create, toBinary, ModelProtoSchema } = messages();
  return toBinary(ModelProtoSchema, create(ModelProtoSchema, model));
}

/**
 * The content of an ONNX file.
 *
 * @throws Error for bytes that are no such message
 */
export function decodeModel(bytes: Uint8Array): OnnxModel {
  const { fromBinary, ModelProtoSchema } = messages();
  return fromBinary(ModelProtoSchema, bytes);
}

let loaded: (typeof Protobuf & typeof Onnx) | undefined;

// On first use, since describing the messages takes a while. By `require`, as the calls above answer at once.
function messages(): typeof Protobuf & typeof Onnx {
  loaded ??= {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- lazily
    ...(require('@bufbuild/protobuf') as typeof Protobuf),
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- an ES module, which Node 20.19 and later require
    ...(require('onnx-buf') as typeof Onnx),
  };
  return loaded;
}
