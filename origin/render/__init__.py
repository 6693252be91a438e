"""Makes pictures: plans them in exact rationals, then turns source or master pixels into bytes."""
