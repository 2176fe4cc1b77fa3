"""Face detectors, one file each, and the geometry that maps their boxes to the crop that networks learnt from."""
