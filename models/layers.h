// Layers: networks written straight down, in the order in which data flows.
//
//   Network net(graph);
//   Layer x = InputData(net, {.shape = {28, 28, 1}});
//   x = Conv2D(x, 20, 5, {.padding = "VALID"});
//   x = MaxPool2D(x, 2);
//   x = FullyConnected(x, 500, {.activation = "relu"});
//   x = Dropout(x, 0.5);
//   x = FullyConnected(x, 10);
//   if (!net.status().ok()) …
//
// A layer only adds nodes to the graph, under its name ("conv2d", "conv2d_1", or the one given); its variables are
// NAME/weights and NAME/biases. Tensors are channels last, [batch, height, width, channels]. What a layer cannot be
// built from is an error of the network, naming the layer; the layers after it then do nothing.
//
// Every layer takes a name and a device string; empty, it is named for its kind and has no device string.
// Activations: linear (none), relu, relu6, tanh, sigmoid, softmax, elu, selu, leaky_relu, softplus.
#pragma once

#include "models/layers_conv.h"
#include "models/layers_dense.h"
#include "models/layers_merge.h"
#include "models/layers_norm.h"
#include "models/layers_pool.h"
#include "models/layers_residual.h"
