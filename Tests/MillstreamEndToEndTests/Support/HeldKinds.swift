// Kinds whose programs wait for a message, so that a test decides when each goes on.

import Foundation

enum HeldKinds {
    /// `held` begins, then ends with its first message; `single` does the same, one at a time; `echo` sends back each message until "end".
    static let configuration = """
        kinds:
          held:
            worker: { exec: ["./held.sh"] }
          single:
            worker: { exec: ["./held.sh"] }
            concurrency: 1
          echo:
            worker: { exec: ["./echo.sh"] }

        """

    static let files = [
        "held.sh": """
        #!/bin/sh
        read -r start
        echo '{"event":"began","data":null}'
        read -r message

        """,
        "echo.sh": """
        #!/bin/sh
        read -r start
        printf '{"event":"start","data":%s}\\n' "$start"
        while read -r message; do
          printf '{"event":"echo","data":%s}\\n' "$message"
          [ "$message" = '{"input":"end"}' ] && exit 0
        done

        """,
    ]

    /// A server with these kinds, the demo kinds, and what a test adds to both.
    static func server(
        more: String = "", files: [String: String] = [:], data: URL? = nil, _ arguments: [String] = ["--demo"]
    ) throws -> ServerProcess {
        try ServerProcess(
            arguments, configuration: configuration + more, files: Self.files.merging(files) { $1 }, data: data)
    }
}
