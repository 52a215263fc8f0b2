import CLibevent
import Glibc

// libevent prints warnings to standard error by itself and calls exit(1) when its own rules are broken. Warnings are about
// peers and are counted elsewhere; the last words before an exit must not be lost.

enum FatalLog {
    private static let installed: Void = event_set_log_callback { severity, message in
        guard severity >= EVENT_LOG_ERR, let message else { return }
        let line = "libevent: \(String(cString: message))\n"
        _ = write(2, line, line.utf8.count)
    }

    /// Sets libevent's process-wide log callback, once.
    static func install() {
        installed
    }
}
