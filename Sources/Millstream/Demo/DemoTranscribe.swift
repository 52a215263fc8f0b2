import Glibc
import MillstreamJSON
import MillstreamLoop
import MillstreamRuntime

// `demo.transcribe`: a real job. A recording is decoded with ffmpeg and transcribed with pocketsphinx; what was understood comes as
// events `transcript`, the position in the recording as progress, the whole text as the result. The tools are programs of their
// own, killed with the job; no path ever comes out of a request, only the id of an upload.

struct DemoTranscribe: JobHandler {
    static let kind = "demo.transcribe"

    /// Set by the operator.
    let recording: String?

    private struct Utterance {
        var text: String
        var start: Double
        var end: Double

        func write(to writer: inout JSONWriter) {
            writer.member("text", text)
            writer.member("start", start)
            writer.member("end", end)
        }
    }

    func run(_ job: JobContext) async throws -> JSONText? {
        let input = try DemoInput(job.input, known: ["upload"])
        try DemoTool.requireAll()
        let sources = try sources(for: job, upload: input.optionalString("upload"))
        let scratch = try ScratchDirectory(prefix: "millstream-transcribe-")
        defer { scratch.remove() }
        let audio = scratch.path + "/audio.wav"
        try await status(job, 0, "decoding", positionS: 0, durationS: nil)
        let media = RecordingDecoder(job: job)
        try await media.decode(sources.paths, isTrusted: sources.areOurs, to: audio)
        let durationS = try await media.duration(of: audio)
        let utterances = try await transcribe(job, audio, durationS: durationS)
        return result(utterances, durationS: durationS)
    }

    // MARK: What to transcribe

    private func sources(
        for job: JobContext, upload: String?
    ) throws(JobFailure) -> (paths: [String], areOurs: Bool) {
        if upload != nil {
            guard let path = job.uploadPath else { throw DemoInput.refusal("there is no such upload") }
            return ([path], false)
        }
        if let recording { return ([recording], true) }
        let installed = InstalledRecording.find()
        guard !installed.isEmpty else {
            throw JobFailure(
                code: "not_installed",
                message: "no recording is installed: install the package \(InstalledRecording.package), or upload one",
                isRetryable: false)
        }
        return (installed, true)
    }

    // MARK: The transcription

    private func transcribe(_ job: JobContext, _ audio: String, durationS: Double) async throws -> [Utterance] {
        var parser = SphinxOutput()
        var utterances: [Utterance] = []
        let position = FilePosition(path: audio)
        let exit = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await followPosition(job, position, durationS: durationS) }
            defer { group.cancelAll() }
            let arguments = [DemoTool.sphinx.program, "-infile", audio, "-logfn", "/dev/null", "-time", "yes"]
            return try await job.runProgram(arguments, started: { position.watch(pid: $0) }) { line in
                guard !line.isError, let words = parser.take(line.text) else { return }
                utterances.append(try await emit(job, words))
            }
        }
        if let words = parser.finish() { utterances.append(try await emit(job, words)) }
        guard exit.isSuccess else {
            throw JobFailure(code: "transcription", message: "pocketsphinx_continuous ended with \(exit.text)")
        }
        try await status(job, 100, "transcribing", positionS: durationS, durationS: durationS)
        return utterances
    }

    private func emit(_ job: JobContext, _ words: SphinxOutput.Words) async throws -> Utterance {
        let utterance = Utterance(text: words.text, start: words.start, end: words.end)
        try await job.emit("transcript", JSONText.object { utterance.write(to: &$0) })
        return utterance
    }

    /// Utterances are seconds apart; the place where the program reads its file moves all the time.
    private func followPosition(_ job: JobContext, _ position: FilePosition, durationS: Double) async throws {
        var told = 0.0
        while true {
            try await job.sleep(forMs: 200)
            guard let share = position.share(), share >= told + 0.005 else { continue }
            told = share
            try await status(
                job, min(99, share * 100), "transcribing", positionS: share * durationS, durationS: durationS)
        }
    }

    // MARK: What is told

    private func status(
        _ job: JobContext, _ percent: Double, _ stage: String, positionS: Double, durationS: Double?
    ) async throws {
        let data = JSONText.object { writer in
            writer.member("progress", Self.rounded(percent))
            writer.member("stage", stage)
            writer.member("position_s", Self.rounded(positionS))
            writer.member("duration_s", durationS.map(Self.rounded))
        }
        try await job.emit("progress", data)
    }

    private func result(_ utterances: [Utterance], durationS: Double) -> JSONText {
        JSONText.object { writer in
            writer.member("text", utterances.map(\.text).joined(separator: " "))
            writer.member("duration_s", Self.rounded(durationS))
            writer.name("segments")
            writer.beginArray()
            for utterance in utterances {
                writer.beginObject()
                utterance.write(to: &writer)
                writer.endObject()
            }
            writer.endArray()
        }
    }

    private static func rounded(_ value: Double) -> Double {
        (value * 100).rounded() / 100
    }
}
