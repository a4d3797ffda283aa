// A saved model is loaded by the class names of its layers, which tfjs knows once the file of each has run.
import './channel-shuffle';
import './channel-slice';
import './constant-operand';
import './depthwise-separable-conv2d';
import './drop-path';
import './element-function';
import './grouped-conv2d';
import './hard-swish';
import './keras-activations';
import './layer-scale';
import './squeeze-excite';
import './take-positions';
