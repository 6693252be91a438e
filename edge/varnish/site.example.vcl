# What only this host knows. Copy to site.vcl beside edgeproof.vcl.

backend origin {
    .host = "127.0.0.1";
    .port = "8080";
    .connect_timeout = 2s;
    # The origin gives up an answer 15 s after it was asked for; nothing older may come in.
    .first_byte_timeout = 15s;
    .between_bytes_timeout = 5s;
    .max_connections = 200;
    .probe = {
        .url = "/healthz";
        .interval = 1s;
        .timeout = 1s;
        .window = 4;
        .threshold = 2;
        .initial = 2;
    }
}

# Where the purge manager runs. The secret is asked for as well.
acl edgeproof_purgers {
    "127.0.0.1";
    "::1";
}

# The host that the origin answers to; it is part of the proof.
sub edgeproof_origin {
    set bereq.http.Host = "img.shop.example";
}
