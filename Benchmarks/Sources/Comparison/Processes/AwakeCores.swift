import CComparison
import Glibc

// Keeps cores from halting: one thread each that only spins, in the class that runs when nothing else wants the core (sched(7),
// SCHED_IDLE). It does what `idle=poll` on the kernel's command line does, for the time of a comparison: in a virtual machine a core
// that halts is the host's, and waking it takes as long as the host likes. Anything that has work displaces the spinner at once.

package final class AwakeCores {
    private var threads: [pthread_t] = []
    private let spinner: OpaquePointer

    package init(_ cores: CoreSet) throws {
        guard let spinner = comparison_spinner_new() else { throw RunnerError("out of memory") }
        self.spinner = spinner
        for core in cores.cores {
            var thread = pthread_t()
            let result = comparison_spinner_start(spinner, Int32(core), &thread)
            guard result == 0 else { throw RunnerError("cannot keep core \(core) awake: \(errorText(result))") }
            threads.append(thread)
        }
    }

    deinit {
        comparison_spinner_stop(spinner)
        for thread in threads { pthread_join(thread, nil) }
        comparison_spinner_free(spinner)
    }
}
