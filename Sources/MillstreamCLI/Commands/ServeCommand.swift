// `millstream serve`: reads the configuration and becomes the server. The thread that runs it becomes the loop thread.

import ArgumentParser
import Glibc
import Millstream

struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the server.",
        discussion: """
            Prints one line on standard output when it is ready. Flags are stronger than the environment (MILLSTREAM_PORT, …), which \
            is stronger than the configuration file. SIGTERM drains, a second one stops at once, SIGHUP reloads.

            EXAMPLES
              millstream serve --demo
              millstream serve --config /etc/millstream.yaml
              millstream serve --host unix:/run/millstream.sock --data /var/lib/millstream
              millstream serve --set streams.heartbeat=5s --set limits.max_streams=1000
            """)

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let loaded = try options.load()
        // Before the log starts its thread.
        JobServer.prepareProcess(for: loaded.configuration)
        let output = try openLog(loaded.configuration.log)
        let log = output.logger()
        for warning in loaded.warnings { log.warning("\(warning)") }
        do throws(StartFailure) {
            let reload = ConfigurationReload(loader: options.loader, current: loaded.configuration, output: output)
            let server = try JobServer(
                loaded.configuration, log: log, droppedLogLines: { UInt64(output.droppedLines) },
                reload: { reload.next() })
            try server.run { url in
                Output.out("millstream \(JobServer.version) listening on \(url)")
            }
        } catch {
            output.close()
            Output.fail(error.description)
            throw ExitCode(error.exitStatus)
        }
        output.close()
    }

    private func openLog(_ settings: ServerConfiguration.Log) throws -> ServerLog {
        do throws(LogFailure) {
            return try ServerLog(settings)
        } catch {
            Output.fail(error.description)
            throw ExitCode(ConfigurationFailure.exitStatus)
        }
    }
}
