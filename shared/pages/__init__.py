"""Pages for browsers: layout, stylesheet and template engine, on which every package with pages builds."""
