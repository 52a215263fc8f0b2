// Where results of measured work go.

/// Keeps the optimizer from leaving out work whose result nobody looks at. Neither inlined nor looked into, so no caller learns that
/// nothing happens here.
@inline(never)
@_optimize(none)
public func blackHole(_ value: some Any) {
}
