import Glibc
import MillstreamRuntime

// The programs that the transcription needs, and which Debian package brings each.

enum DemoTool: CaseIterable {
    case ffmpeg, ffprobe, sphinx

    var program: String {
        switch self {
        case .ffmpeg: "ffmpeg"
        case .ffprobe: "ffprobe"
        case .sphinx: "pocketsphinx_continuous"
        }
    }

    var packages: String {
        switch self {
        case .ffmpeg, .ffprobe: "ffmpeg"
        case .sphinx: "pocketsphinx and pocketsphinx-en-us"
        }
    }

    /// Fails with the name of what is to be installed. Looks each time: somebody may install it meanwhile.
    static func requireAll() throws(JobFailure) {
        for tool in allCases where !isInPath(tool.program) {
            throw JobFailure(
                code: "not_installed", message: "\(tool.program) is not installed: install \(tool.packages)",
                isRetryable: false)
        }
    }

    static func isInPath(_ program: String) -> Bool {
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
        return path.split(separator: ":").contains { access("\($0)/\(program)", X_OK) == 0 }
    }
}

/// The speech that Debian installs for pocketsphinx's own tests: sentences of one LibriVox reading.
enum InstalledRecording {
    static let package = "pocketsphinx-testdata"
    private static let directory = "/usr/share/pocketsphinx/test/data/librivox"

    /// Its files in reading order; empty when the package is not there.
    static func find() -> [String] {
        guard let listing = opendir(directory) else { return [] }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafePointer(to: entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".wav") { names.append(name) }
        }
        return names.sorted().map { directory + "/" + $0 }
    }
}
