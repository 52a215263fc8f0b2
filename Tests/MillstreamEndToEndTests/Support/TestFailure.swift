// What a test throws when the ground it stands on is missing: a server that does not start, a connection that ends too early.

struct TestFailure: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }
}
