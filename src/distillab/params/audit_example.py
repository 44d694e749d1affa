"""A commented audit.yaml, with every key."""

EXAMPLE_TEXT = """\
# `distillab audit --plan audit.yaml` says what it will ask, cost and take; `distillab audit audit.yaml` runs it.
# Two keys suffice: model and images. Paths start from this file's folder.

model: # nothing but its answers is used
  onnx: model.onnx
  # torchscript: model.pt   # or exported: model.pt2, or callable: module:function; these run code: trusted: true
  # weights: model.pth      # of one of our architectures: arch: resnet18
  # endpoint: {url: "https://example.org/predict", rate: 10}   # asked about each image once
  # recorded: answers.csv   # id,p0,p1,... of every image: the id is its file, relative to images
  # answers: logits         # or probabilities
  # mean: [0.5]             # of its training, where the file does not normalize by itself
  # std: [0.25]
# trusted: true             # the model may run code of its own on this machine

images: photos              # a folder or archive of class folders, with or without train/ and test/
# images: {name: cifar10, root: data}
# resize: true              # bring images to the size that most have
# labels_from: truth.csv    # columns file and label, where the folders do not tell the classes

# test: 1000                # images held out to judge with, or their share: 0.2
# labels: 100               # labels that the thief has; 10 of each class
# queries: 5000             # images that the thief asks about
# budget: {minutes: 10, answers: 6000}
# price: 0.001              # of an answer of an endpoint
# currency: USD
# seeds: 5                  # how often each theft is repeated
# defenses: [label, {rounded: 1}, {top: 3}, mad, {name: rsp, gamma: 0.2}]
# student: wong_small       # network of thieves and controls
# device: auto
# name: audit               # the folder is audits/NAME
"""
