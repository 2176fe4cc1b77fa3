"""From labelled faces and a network to a run directory. Needs torch and safetensors, no package of the CLI."""
