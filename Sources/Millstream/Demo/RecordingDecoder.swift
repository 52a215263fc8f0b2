import MillstreamJSON
import MillstreamRuntime

// Turns recordings of any format into what pocketsphinx reads: 16 kHz, one channel, WAV. A file that a stranger sent may be a play
// list that names other files or addresses: formats that can are not on the list, and nothing but files is opened.

struct RecordingDecoder {
    let job: JobContext

    /// The longest recording that is decoded; the rest is left out. Bounds the time and the space of one job.
    static let maxDurationS = 3600
    private static let formats =
        "wav,w64,aiff,au,caf,mp3,ogg,flac,aac,amr,matroska,webm,mov,mp4,m4a,3gp,avi,asf,mpeg,mpegts,flv"

    /// Several files become one recording, with a breath between them.
    /// - Parameter isTrusted: the operator's own files may be of any format.
    func decode(_ sources: [String], isTrusted: Bool, to audio: String) async throws {
        var arguments = [DemoTool.ffmpeg.program, "-nostdin", "-v", "error"]
        for source in sources {
            arguments += ["-protocol_whitelist", "file"]
            if !isTrusted { arguments += ["-format_whitelist", Self.formats] }
            arguments += ["-i", source]
        }
        if sources.count > 1 { arguments += ["-filter_complex", Self.joining(sources.count), "-map", "[joined]"] }
        arguments += ["-vn", "-ar", "16000", "-ac", "1", "-t", "\(Self.maxDurationS)", "-f", "wav", audio]
        var complaints: [String] = []
        let exit = try await job.runProgram(arguments) { line in
            if complaints.count < 3 { complaints.append(Self.withoutOrigin(line.text)) }
        }
        guard exit.isSuccess else {
            // ffmpeg names the file: the path is ours and nobody's business.
            let said = complaints.joined(separator: "; ")
            let text = sources.reduce(said) { Self.replacing($1, in: $0) }
            throw JobFailure(code: "input", message: "ffmpeg cannot decode the recording: \(text)", isRetryable: false)
        }
    }

    /// In seconds.
    func duration(of audio: String) async throws -> Double {
        let arguments = [
            DemoTool.ffprobe.program, "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", audio,
        ]
        var duration: Double?
        _ = try await job.runProgram(arguments) { line in
            if !line.isError { duration = duration ?? Double(line.text) }
        }
        guard let duration, duration.isFinite, duration > 0 else {
            throw JobFailure(code: "input", message: "the recording holds no sound", isRetryable: false)
        }
        return duration
    }

    /// A filter graph: each input padded with silence, so that the recognizer hears where a sentence ends, then all in a row.
    private static func joining(_ count: Int) -> String {
        let padded = (0..<count).map { "[\($0):a]aresample=16000,apad=pad_dur=0.8[p\($0)];" }.joined()
        return padded + (0..<count).map { "[p\($0)]" }.joined() + "concat=n=\(count):v=0:a=1[joined]"
    }

    /// ffmpeg begins lines with `[demuxer @ address]`.
    private static func withoutOrigin(_ line: String) -> String {
        guard line.hasPrefix("["), let end = line.firstRange(of: "] ") else { return line }
        return String(line[end.upperBound...])
    }

    private static func replacing(_ path: String, in text: String) -> String {
        var rest = Substring(text)
        var result = ""
        while let range = rest.firstRange(of: path) {
            result += rest[..<range.lowerBound] + "the file"
            rest = rest[range.upperBound...]
        }
        return result + rest
    }
}
