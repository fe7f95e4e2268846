"""The child process of `small_llm`: llama.cpp's own HTTP server, until its stdin closes.

Prints one line `READY <address>`. stdin is a pipe that the parent holds open, so the server
ends with its parent however that one dies.
"""

import argparse
import os
import sys


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--library", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--context", type=int, required=True)
    parser.add_argument("--slots", type=int, required=True)
    parser.add_argument("--key", default="")
    arguments = parser.parse_args()

    sys.path.insert(0, arguments.library)
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = arguments.model
    parameters.model_alias = {arguments.name}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.n_ctx = arguments.context
    parameters.n_parallel = arguments.slots
    # More threads than idle cores spin on each other: one is the fast choice on a busy machine.
    parameters.cpuparams.n_threads = 1
    parameters.cpuparams_batch.n_threads = 1
    # A cancelled request is noticed between batches, so they are small.
    parameters.n_batch = parameters.n_ubatch = 256
    parameters.n_gpu_layers = 0
    parameters.cache_ram_mib = 64
    parameters.offline = True
    parameters.ui = False
    parameters.endpoint_slots = True
    if arguments.key:
        parameters.api_keys = [arguments.key]
    server = xllamacpp.Server(parameters)
    print(f"READY {server.listening_address}", flush=True)
    sys.stdin.read()
    # llama.cpp's threads are still running; there is nothing to save.
    os._exit(0)


if __name__ == "__main__":
    main()
