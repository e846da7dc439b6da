namespace Crescent.Cli.Benchmarks;

/// <summary>A file of <see cref="BenchRow"/>s under one header, to which runs append.</summary>
internal static class BenchFile
{
    public static string Header => Csv.Line(BenchRow.Columns);

    /// <summary>Makes sure, before long work, that rows can be appended.</summary>
    /// <exception cref="CommandFailedException">The file cannot be written, or holds something else.</exception>
    public static void RequireAppendable(string option, string path)
    {
        if (!File.Exists(path) || new FileInfo(path).Length == 0)
        {
            OutputFile.RequireWritable(option, path);
            return;
        }

        using var reader = new StringReader(InputFile.ReadText(option, path));
        RequireHeader(option, path, reader.ReadLine());
    }

    public static void Append(string option, string path, IEnumerable<BenchRow> rows)
    {
        try
        {
            using var writer = new StreamWriter(path, append: true) { NewLine = "\n" };
            if (writer.BaseStream.Length == 0)
            {
                writer.WriteLine(Header);
            }

            foreach (var row in rows)
            {
                writer.WriteLine(row.ToLine());
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"{option}: {path} cannot be written: {CommandLine.FirstLine(exception.Message)}");
        }
    }

    /// <exception cref="CommandFailedException">The file cannot be read, or a line is not a row.</exception>
    public static List<BenchRow> Read(string option, string path)
    {
        using var reader = new StringReader(InputFile.ReadText(option, path));
        RequireHeader(option, path, reader.ReadLine());
        var rows = new List<BenchRow>();
        for (var line = 2; reader.ReadLine() is { } text; line++)
        {
            if (text.Length == 0)
            {
                continue;
            }

            try
            {
                rows.Add(BenchRow.Parse(text));
            }
            catch (FormatException exception)
            {
                throw new CommandFailedException($"{option}: {path}, line {line}: {exception.Message}");
            }
        }

        return rows;
    }

    private static void RequireHeader(string option, string path, string? found)
    {
        if (found != Header)
        {
            throw new CommandFailedException($"{option}: {path}: expected the first line {Header}, found '{found}'");
        }
    }
}
