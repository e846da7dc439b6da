using System.Globalization;

namespace Crescent.Cli.Benchmarks;

/// <summary>One measurement as <c>bench --csv</c> writes it; bench/README.md documents the columns.</summary>
internal sealed record BenchRow
{
    /// <summary>The columns, in the order of the file.</summary>
    public static readonly string[] Columns =
    [
        "time", "version", "cpu", "isa", "threads", "model", "architecture", "type", "model_bytes", "kv_type", "test", "tokens", "depth", "batch", "ubatch", "repeat",
        "seconds", "tokens_per_second", "weight_bytes_per_token", "weight_gb_per_second", "read_gb_per_second", "bandwidth_share", "distinct_experts", "allocated_bytes_per_token",
    ];

    /// <summary>When the test ended, in UTC.</summary>
    public required DateTime Time { get; init; }

    public required string Version { get; init; }

    public required string Cpu { get; init; }

    public required string Isa { get; init; }

    public required int Threads { get; init; }

    /// <summary>The file's or folder's name, without its place.</summary>
    public required string Model { get; init; }

    public required string Architecture { get; init; }

    public required string Type { get; init; }

    public required long ModelBytes { get; init; }

    public required string KvType { get; init; }

    public required string Test { get; init; }

    /// <summary>Tokens of the prompt, or of each sequence's answer.</summary>
    public required int Tokens { get; init; }

    public required int Depth { get; init; }

    public required int Batch { get; init; }

    /// <summary>Most tokens of one step.</summary>
    public required int Ubatch { get; init; }

    /// <summary>From 1.</summary>
    public required int Repeat { get; init; }

    public required double Seconds { get; init; }

    /// <summary>Of all sequences together.</summary>
    public required double TokensPerSecond { get; init; }

    public required double WeightBytesPerToken { get; init; }

    public required double WeightGbPerSecond { get; init; }

    /// <summary>What memory gave this number of threads: measured before, or reached by a test, whichever is more.</summary>
    public required double ReadGbPerSecond { get; init; }

    public required double BandwidthShare { get; init; }

    /// <summary>Distinct experts a mixture layer and step; null for models without.</summary>
    public double? DistinctExperts { get; init; }

    public required long AllocatedBytesPerToken { get; init; }

    /// <summary>The row as a line of the file.</summary>
    public string ToLine() => Csv.Line(
    [
        Time.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture), Version, Cpu, Isa, Text(Threads), Model, Architecture, Type, Text(ModelBytes), KvType,
        Test, Text(Tokens), Text(Depth), Text(Batch), Text(Ubatch), Text(Repeat), Text(Seconds, "F6"), Text(TokensPerSecond, "F4"), Text(WeightBytesPerToken, "F0"),
        Text(WeightGbPerSecond, "F3"), Text(ReadGbPerSecond, "F3"), Text(BandwidthShare, "F4"), DistinctExperts is { } experts ? Text(experts, "F3") : "", Text(AllocatedBytesPerToken),
    ]);

    /// <summary>The row that a line holds.</summary>
    /// <exception cref="FormatException">A field is missing or not of its kind.</exception>
    public static BenchRow Parse(string line)
    {
        var fields = Csv.Fields(line);
        if (fields.Count != Columns.Length)
        {
            throw new FormatException($"expected {Columns.Length} fields, found {fields.Count}");
        }

        var field = new Dictionary<string, string>(Columns.Zip(fields, KeyValuePair.Create));
        return new BenchRow
        {
            Time = DateTime.TryParse(field["time"], CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out var time)
                ? time
                : throw new FormatException($"time: expected a date and time, found '{field["time"]}'"),
            Version = field["version"],
            Cpu = field["cpu"],
            Isa = field["isa"],
            Threads = (int)Number("threads"),
            Model = field["model"],
            Architecture = field["architecture"],
            Type = field["type"],
            ModelBytes = (long)Number("model_bytes"),
            KvType = field["kv_type"],
            Test = field["test"] is BenchTest.Prefill or BenchTest.Decode
                ? field["test"]
                : throw new FormatException($"test: expected {BenchTest.Prefill} or {BenchTest.Decode}, found '{field["test"]}'"),
            Tokens = (int)Number("tokens"),
            Depth = (int)Number("depth"),
            Batch = (int)Number("batch"),
            Ubatch = (int)Number("ubatch"),
            Repeat = (int)Number("repeat"),
            Seconds = Number("seconds"),
            TokensPerSecond = Number("tokens_per_second"),
            WeightBytesPerToken = Number("weight_bytes_per_token"),
            WeightGbPerSecond = Number("weight_gb_per_second"),
            ReadGbPerSecond = Number("read_gb_per_second"),
            BandwidthShare = Number("bandwidth_share"),
            DistinctExperts = field["distinct_experts"].Length > 0 ? Number("distinct_experts") : null,
            AllocatedBytesPerToken = (long)Number("allocated_bytes_per_token"),
        };

        double Number(string column) =>
            double.TryParse(field[column], NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) && value >= 0
                ? value
                : throw new FormatException($"{column}: expected a number from 0, found '{field[column]}'");
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
