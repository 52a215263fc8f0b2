// For conditions that nobody announces: asks again until it holds. Everything that is announced is waited for by its event.

import Foundation

/// True as soon as the condition holds; false when it did not in time, which is long because the machine may be slow.
func eventually(withinSeconds seconds: Int = 120, _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = DispatchTime.now() + .seconds(seconds)
    while DispatchTime.now() < deadline {
        if try condition() { return true }
        // Leaves the processor to the program that is waited for.
        poll(nil, 0, 5)
    }
    return try condition()
}
