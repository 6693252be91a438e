"""The decode guard: what must be true of a photo before and after its pixels are opened."""
