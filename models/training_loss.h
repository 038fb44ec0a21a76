// Losses of logits against the classes that are right, and how many answers are right.
#pragma once

#include "graph/scope.h"

namespace SLUICE_API sluice {

// The mean over the batch of the cross-entropy between softmax(logits) and the labels, which are smoothed where
// `smoothing` is over 0 (Szegedy et al. 2015, section 7): each class gets smoothing / classes, the right one the rest
// as well. `logits` [batch, classes], `labels` int32 [batch]. The result is the node `name`.
Endpoint AddCrossEntropy(Scope scope, const std::string& name, Endpoint logits, Endpoint labels, float smoothing);

// How many of the batch have their largest logit at the label, as float: the node `name`.
Endpoint AddCorrect(Scope scope, const std::string& name, Endpoint logits, Endpoint labels);

// How many have their label among the k largest logits.
Endpoint AddCorrectTopK(Scope scope, const std::string& name, Endpoint logits, Endpoint labels, int k);

}  // namespace sluice
