# execd on the simulated venue.
#
# Core only: the extras `alpaca` and `ibkr` are not in requirements.lock yet, and nothing unhashed is installed here.
# The image runs as an ordinary user, needs no writable root (see docker-compose.yml) and keeps all state in one volume.

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
COPY requirements.lock .
# The lock holds the developers' tools too; they are taken out again, so that the image carries only what it runs.
# pip is removed last: a running daemon has nothing to install.
RUN python -m venv /opt/execd \
 && /opt/execd/bin/python -m pip install --no-input --require-hashes --only-binary :all: -r requirements.lock \
 && /opt/execd/bin/python -m pip uninstall --yes \
      hypothesis sortedcontainers import-linter grimp click mypy mypy-extensions librt ast-serialize pathspec \
      pytest pytest-asyncio pluggy iniconfig packaging ruff types-PyYAML \
 && /opt/execd/bin/python -m pip uninstall --yes pip
COPY execd /opt/execd/src/execd
COPY config /opt/execd/src/config
# The same `.pth` line and start script as in a checkout (.ci/bootstrap.sh says why it is not a pip install).
RUN /opt/execd/bin/python -c "import pathlib, sysconfig; \
pathlib.Path(sysconfig.get_path('purelib'), 'execd.pth').write_text('/opt/execd/src\n')" \
 && printf '%s\n' '#!/opt/execd/bin/python' 'import sys' 'from execd.cli.main import main' 'sys.exit(main())' \
      > /opt/execd/bin/execd \
 && chmod 755 /opt/execd/bin/execd \
 && /opt/execd/bin/python -m compileall -q /opt/execd/src

FROM python:3.13-slim
LABEL org.opencontainers.image.title="execd" \
      org.opencontainers.image.licenses="Apache-2.0"
# A fixed id, so that a volume made by one image can be read by the next.
RUN groupadd --system --gid 10001 execd \
 && useradd --system --uid 10001 --gid execd --no-create-home --home-dir /var/lib/execd --shell /usr/sbin/nologin execd \
 && install -d -o execd -g execd -m 2770 /var/lib/execd
COPY --from=build /opt/execd /opt/execd
COPY LICENSE /opt/execd/LICENSE
ENV PATH=/opt/execd/bin:$PATH \
    EXECD_STATE_DIR=/var/lib/execd \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# By number: an orchestrator that forbids root must be able to see that this is not root.
USER 10001:10001
WORKDIR /opt/execd/src
VOLUME /var/lib/execd
# SIGTERM flushes the journal and exits 0.
STOPSIGNAL SIGTERM
# `status` exits 0 once the daemon is ready.
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s --retries=3 CMD ["execd", "status"]
ENTRYPOINT ["execd"]
CMD ["run"]
