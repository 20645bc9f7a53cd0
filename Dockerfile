# The action and the command line in one image: a static binary and nothing to run beside it.
#
#   docker run --rm -v "$PWD:/w" -w /w IMAGE check results/points.json.gz
#
# The base is pinned by its version; dependabot proposes the next one.
FROM rust:1.95-bookworm AS build
WORKDIR /build
ENV CARGO_TERM_COLOR=never
# Without a target of its own cargo would link build scripts and macros statically too, which fails; it is the platform's.
ENV RUSTFLAGS="-C target-feature=+crt-static"
RUN rustc --print host-tuple > target-triple

# Dependencies, a layer that stays until Cargo.lock changes: they are built around an empty program.
COPY Cargo.toml Cargo.lock ./
RUN mkdir src \
    && touch src/lib.rs \
    && echo 'fn main() {}' > src/main.rs \
    && cargo build --release --locked --target "$(cat target-triple)" \
    && rm -r src

# The sources are older than the empty program, so cargo would take that for built: hence touch.
COPY src src
COPY schema schema
RUN touch src/lib.rs src/main.rs \
    && cargo build --release --locked --target "$(cat target-triple)" \
    && cp "target/$(cat target-triple)/release/perf-gate" perf-gate

FROM scratch
LABEL org.opencontainers.image.title="perf-gate" \
      org.opencontainers.image.description="A regression gate for load tests" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.source="https://github.com/perf-gate/perf-gate"
# rustls trusts what the system trusts: a server of one's own may mount its certificate here.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY LICENSE /LICENSE
COPY --from=build /build/perf-gate /perf-gate
# Actions run as root, the owner of the mounted workspace's files; there is no other user in here.
ENTRYPOINT ["/perf-gate"]
CMD ["action"]
