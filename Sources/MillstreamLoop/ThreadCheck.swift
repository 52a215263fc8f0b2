import Glibc

// "Right thread?" as a type of its own. It costs a few nanoseconds, so it stays in release builds.

/// Remembers a thread and answers whether the caller is on it.
struct ThreadCheck {
    private var owner = pthread_self()

    /// Takes the calling thread as the right one.
    mutating func adoptCurrentThread() {
        owner = pthread_self()
    }

    var isOnOwner: Bool {
        pthread_equal(owner, pthread_self()) != 0
    }
}
