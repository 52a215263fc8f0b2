// Exit statuses of all commands (after sysexits.h where it has one).

enum ExitStatus {
    static let jobFailed: Int32 = 1
    static let jobCancelled: Int32 = 3
    static let usage: Int32 = 64
    static let refused: Int32 = 65
    static let noInput: Int32 = 66
    static let unreachable: Int32 = 69
    static let badAnswer: Int32 = 76
    static let busy: Int32 = 75
    static let configuration: Int32 = 78
    static let interrupted: Int32 = 130

    /// For `--help`.
    static let table = """
        EXIT STATUS
          0    done; the job completed
          1    the job failed; the journal has findings
          3    the job was cancelled
          64   wrong usage
          65   the server refused the request
          66   an input file cannot be read
          69   the server cannot be reached, or cannot listen
          71   no descriptor or memory left
          73   the data directory cannot be used
          75   the server is busy or its store is unavailable
          76   the answer is not a Millstream server's
          78   the configuration is faulty
          130  interrupted (a job goes on)
        """
}
