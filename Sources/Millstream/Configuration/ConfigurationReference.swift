// The reference file Config/millstream.yaml, made from the table: `millstream config reference` prints it, and a test
// compares the file with it. Pure.

/// The commented configuration file with every key.
public enum ConfigurationReference {
    /// Each setting with its meaning, type, bounds, default and names, commented out at its default.
    public static var yaml: String {
        var lines = opening
        var section = ""
        for setting in SettingTable.all {
            let parts = setting.key.split(separator: ".").map(String.init)
            let isNested = parts.count > 1
            lines.append("")
            if isNested, parts[0] != section {
                section = parts[0]
                lines += (sectionWords[section] ?? []).map { "# " + $0 } + ["\(section):"]
            }
            lines += describe(setting, name: parts[parts.count - 1], indent: isNested ? "  " : "")
        }
        return (lines + [""] + kinds).joined(separator: "\n") + "\n"
    }

    private static func describe(_ setting: Setting, name: String, indent: String) -> [String] {
        var facts = [setting.value.expectation, "default " + setting.defaultText]
        if setting.isReloadable { facts.append("SIGHUP changes it") }
        facts.append(setting.environmentName)
        return [
            "\(indent)# \(setting.summary)", "\(indent)# (\(facts.joined(separator: "; ")))",
            "\(indent)#\(name): \(setting.defaultText)",
        ]
    }

    private static let opening = [
        "# The configuration of a Millstream server: every key, commented out at its default.",
        "#   millstream serve --config FILE        millstream config check --config FILE",
        "# The environment is stronger than this file, and flags are stronger than both. Durations are written 500ms, 30s, 10m, 2h",
        "# or 7d, sizes 64KiB, 1MiB or 1GiB (or 10MB, powers of ten). Relative paths start from this file's directory. An unknown key, a",
        "# wrong type or a value out of its range stops the start. SIGHUP reads the file again.",
        "# Fixed by the contract: \(ServerConfiguration.maxLogsPerStream) logs on one stream, "
            + "\(UnitText.duration(ServerConfiguration.maxWaitForCreateMs)) of ?wait_for_create=, 60s of Prefer: wait, 10000 events in one",
        "# NDJSON body (413), 128 open arrays and objects in one JSON text (400), 256 viewers of a job, 256 bytes of an owner or a viewer,",
        "# 30d of a job's timeout_s (422), 16MiB of messages that a program has not read (its job fails: input_overflow).",
    ]

    private static let sectionWords: [String: [String]] = [
        "log": ["What the server writes about itself. Tokens never stand in it."],
        "limits": ["Bounds. In brackets the status of the answer to what exceeds one."],
        "streams": ["Event streams."],
        "workers": ["Threads of workers."],
        "uploads": ["Files that are posted as input of jobs."],
        "journal": ["Where jobs and events are kept, and how safely."],
        "retention": ["What is removed, and when."],
    ]

    private static let kinds = [
        "# Kinds of jobs, by name ([A-Za-z0-9._-], 1 to 64 characters; demo.* are the server's own), and who does their work.",
        "# SIGHUP changes them; running jobs go on as they began.",
        "kinds:",
        "  #resize:",
        "    # A program: no shell; relative to this file, or looked for in PATH when it has no slash. Or `worker: swift`, a handler",
        "    # that a program which embeds the library registers under this name. No default.",
        "    #worker: { exec: [\"./resize.sh\", \"--fast\"] }",
        "    # Jobs of the kind that run at once (a whole number from 1 to 100000; default 16).",
        "    #concurrency: 16",
        "    # Of one attempt (a duration from 1ms to 365d, or off; default off).",
        "    #timeout: off",
        "    # Attempts in all (a whole number from 1 to 1000; default 1) and the exponential pause between them, with jitter: the",
        "    # first (a duration from 0 to 1d; default 1s) and the longest (a duration from backoff to 1d; default 1m).",
        "    #retries: { attempts: 1, backoff: 1s, max_backoff: 1m }",
        "    # What a crash of the server does to a running job (retry or fail; default fail).",
        "    #on_crash: fail",
        "    # With on_crash: retry, attempts in all that crashes may cause (a whole number from 1 to 1000; default the attempts of",
        "    # retries, or 10 when retries is not given: a crash is the server's fault, but the job may be its cause).",
        "    #crash_attempts: 1",
        "    # From SIGTERM to SIGKILL of its process group when it is cancelled (a duration from 0 to 1h; default 5s).",
        "    #cancel_grace: 5s",
    ]
}
