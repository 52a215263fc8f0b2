import Glibc

/// What keeps a comparison from going on, in words for the person who started it.
package struct RunnerError: Error, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

func errorText(_ code: Int32) -> String { String(cString: strerror(code)) }
