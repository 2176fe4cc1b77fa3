"""What a network looks at: attributions, what excites it, its first filters, and a proof on drawn faces."""
