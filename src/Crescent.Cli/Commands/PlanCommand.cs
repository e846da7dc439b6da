using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Crescent.Cli.Benchmarks;
using Crescent.Cli.Json;
using Crescent.Cli.Options;
using Crescent.Cli.Planning;
using Crescent.Engine.Experts.Traces;
using Crescent.Engine.Synthesis;
using Crescent.Kernels;
using Crescent.Kernels.Attention;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Quantization;

namespace Crescent.Cli.Commands;

/// <summary><c>crescent plan</c>: what a model larger than memory would do here, before it is downloaded.</summary>
internal sealed class PlanCommand
{
    private const int MostTokens = 1 << 24;
    private const int MostLayers = 65536;

    private readonly Argument<string> _model = new("MODEL") { Description = $"A model as for run, or a preset, which needs no files: {string.Join(", ", SynthPreset.Names.Where(name => !name.StartsWith("tiny-", StringComparison.Ordinal)))}." };
    private readonly Option<long[]> _memory = SizeList.Option("--memory", "Bytes that the process may hold, e.g. 64GB,128GB.");
    private readonly Option<string?> _type = Values.Text("--type", "Type of a preset's matrices: a GGUF type, or int4, fp8, int8 as released, with the rest in bf16 (q4_0).");
    private readonly Option<int?> _layers = Values.Number<int>("--layers", "Only the first N layers of a preset.");
    private readonly Option<string?> _residentType = Values.Text("--resident-type", "Type that what every token needs is recoded to (q8_0, q4_0 …).");
    private readonly Option<string> _kvType = Values.Choice("--kv-type", "f16", "Type of cached keys and values.", "f16", "bf16", "f32", "q8_0");
    private readonly Option<int> _context = Values.Number("--context", 4096, "Tokens in the cache", "-c");
    private readonly Option<int> _chunk = Values.Number("--ubatch", 512, "Most tokens of one step: the size of a prompt's chunks", "-ub");
    private readonly Option<int> _prompt = Values.Number("--prompt-tokens", 1000, "Tokens of the prompt whose first token is waited for");
    private readonly Option<double[]> _drive = RateList.Option("--drive-bandwidth", "GB/s that the drive gives to direct reads, e.g. 3.5,7, instead of measuring it.");
    private readonly Option<string?> _driveFile = new("--drive-file") { Description = "A large file on the drive to measure (default: the model's largest).", HelpName = "FILE" };
    private readonly Option<double?> _memoryRate = Values.Number<double>("--memory-bandwidth", "GB/s that memory gives, instead of measuring it.");
    private readonly Option<double?> _compute = Values.Number<double>("--compute", "GMAC/s that products of long prompts run at, instead of measuring it.");
    private readonly Option<double?> _exponent = Values.Number<double>("--hit-exponent", "a of the fit hit rate = share^a, instead of the published 0.45, 0.30, 0.20.");
    private readonly Option<string?> _trace = new("--trace") { Description = "Hit rates of a recorded trace instead of the fit.", HelpName = "FILE" };
    private readonly Option<double?> _watts = Values.Number<double>("--watts", "Power of the machine at work, for the energy of a million tokens.");
    private readonly Option<double?> _tariff = Values.Number<double>("--tariff", "Price of a kilowatt hour.");
    private readonly Option<int?> _threads = Values.Number<int>("--threads", "Threads that compute (default: one a processor).", "-t");
    private readonly Option<bool> _measure = new("--measure") { Description = "Of a preset: write a slice of random weights in its true shape, run it with as many slots a layer, and extrapolate to all layers." };
    private readonly Option<int?> _measureLayers = Values.Number<int>("--measure-layers", "Layers of that slice (default: the dense ones and two with experts).");
    private readonly Option<string?> _workFolder = new("--work-folder") { Description = "Folder on the drive to measure, for the slice, which is deleted at the end (default: the system's for temporary files).", HelpName = "FOLDER" };
    private readonly Option<bool> _json = new("--json") { Description = "One JSON document." };

    private PlanCommand()
    {
    }

    public static Command Create(Terminal terminal)
    {
        var options = new PlanCommand();
        var command = new Command("plan", "Predicts how fast a model larger than memory runs.")
        {
            options._model, options._memory, options._type, options._layers, options._residentType, options._kvType, options._context, options._chunk, options._prompt, options._drive, options._driveFile,
            options._memoryRate, options._compute, options._exponent, options._trace, options._watts, options._tariff, options._threads, options._measure, options._measureLayers, options._workFolder, options._json,
        };
        command.SetAction((parsed, cancellation) =>
        {
            options.Run(parsed, terminal, cancellation);
            return Task.FromResult(0);
        });
        return command;
    }

    private void Run(ParseResult parsed, Terminal terminal, CancellationToken cancellation)
    {
        if (!parsed.GetValue(_measure))
        {
            Report(parsed, terminal, PlanReport.Make(Read(parsed, terminal, sliceFile: null)));
            return;
        }

        var slice = Slice(parsed);
        using var folder = new WorkFolder(_workFolder.Name, parsed.GetValue(_workFolder));
        var (path, largest) = slice.Write(folder, terminal, cancellation);
        var request = Read(parsed, terminal, largest);
        var measurement = new SliceMeasurement(request, slice, path, Threads(parsed, terminal), terminal);
        Report(parsed, terminal, measurement.AddTo(PlanReport.Make(request), cancellation));
    }

    private PlanSlice Slice(ParseResult parsed)
    {
        var name = parsed.GetValue(_model)!;
        if (File.Exists(name) || Directory.Exists(name) || !SynthPreset.TryGet(name, out var preset))
        {
            throw new CommandFailedException($"{_measure.Name}: expected a preset, found '{name}': crescent bench measures a model that is there", CommandFailedException.WrongUsage);
        }

        return PlanSlice.Choose(_measureLayers.Name, preset, Type(parsed) ?? PlannedModel.PresetType, Layers(parsed), parsed.GetValue(_measureLayers), Kv(parsed), Resident(parsed));
    }

    private void Report(ParseResult parsed, Terminal terminal, PlanJson plan)
    {
        if (plan.Budgets.All(budget => budget.Plan is null))
        {
            throw new CommandFailedException($"{_memory.Name}: {PlanText.Gb(plan.Budgets[^1].Memory)} {PlanText.Refusal(plan.Budgets[^1])}");
        }

        if (parsed.GetValue(_json))
        {
            CliJson.Write(terminal.Out, plan);
        }
        else
        {
            PlanTable.Write(terminal.Out, plan);
        }
    }

    private PlanRequest Read(ParseResult parsed, Terminal terminal, string? sliceFile)
    {
        var memory = parsed.GetValue(_memory)!;
        if (memory.Length == 0)
        {
            throw new CommandFailedException($"{_memory.Name}: expected a size such as 64GB, found none", CommandFailedException.WrongUsage);
        }

        if (parsed.GetValue(_tariff) is not null && parsed.GetValue(_watts) is null)
        {
            throw new CommandFailedException($"{_tariff.Name}: expected {_watts.Name} beside it, found none", CommandFailedException.WrongUsage);
        }

        var model = PlannedModel.Open(parsed.GetValue(_model)!, Type(parsed), Layers(parsed));
        model = sliceFile is null ? model : model with { DriveFile = sliceFile };
        return new PlanRequest(
            model,
            Resident(parsed),
            Kv(parsed),
            memory,
            Rates(parsed, model, terminal),
            HitRates(parsed),
            Values.InRange(_chunk.Name, 1, MostTokens, parsed.GetValue(_chunk)),
            Values.InRange(_context.Name, 0, MostTokens, parsed.GetValue(_context)),
            Values.InRange(_prompt.Name, 1, MostTokens, parsed.GetValue(_prompt)),
            AboveZero(_watts, parsed),
            AboveZero(_tariff, parsed));
    }

    private DType? Type(ParseResult parsed) => parsed.GetValue(_type) is { } name ? SynthTypes.Parse(_type.Name, name) : null;

    private int? Layers(ParseResult parsed) => parsed.GetValue(_layers) is { } layers ? Values.InRange(_layers.Name, 1, MostLayers, layers) : null;

    private DType? Resident(ParseResult parsed) => parsed.GetValue(_residentType) is { } name ? Values.TensorType(_residentType.Name, name, RowCodec.CanEncode) : null;

    private KvType Kv(ParseResult parsed) => Enum.Parse<KvType>(parsed.GetValue(_kvType)!, ignoreCase: true);

    private int Threads(ParseResult parsed, Terminal terminal) => ModelOptionsArguments.AtMostProcessors(
        parsed.GetValue(_threads) is { } count ? Values.InRange(_threads.Name, 1, ModelOptionsArguments.MostThreads, count) : 0, terminal);

    private PlanRates Rates(ParseResult parsed, PlannedModel model, Terminal terminal)
    {
        var (memory, compute) = (AboveZero(_memoryRate, parsed) * 1e9, AboveZero(_compute, parsed) * 1e9);
        var threads = Threads(parsed, terminal);
        var (drive, driveSource) = Drive(parsed, model, terminal);
        return new PlanRates(
            drive,
            driveSource,
            memory ?? BandwidthProbe.Measure(threads, modelBytes: 0, terminal),
            memory is null ? PlanRates.Measured : PlanRates.Given,
            compute ?? ComputeProbe.Measure(threads, IsaLevels.Best, terminal),
            compute is null ? PlanRates.Measured : PlanRates.Given);
    }

    private (IReadOnlyList<double> BytesPerSecond, string Source) Drive(ParseResult parsed, PlannedModel model, Terminal terminal)
    {
        var given = parsed.GetValue(_drive)!;
        if (given.Length > 0)
        {
            return ([.. given.Select(rate => rate * 1e9)], PlanRates.Given);
        }

        var path = parsed.GetValue(_driveFile) ?? model.DriveFile ?? throw new CommandFailedException(
            $"{_drive.Name}: a preset lies on no drive that could be measured: expected its GB/s, {_driveFile.Name} with a large file on it, or {_measure.Name}, found none", CommandFailedException.WrongUsage);
        var measurement = DriveMeasurement.Measure(path, terminal);
        return ([measurement.BytesPerSecond], measurement.Source);
    }

    private IReadOnlyList<HitRateSource> HitRates(ParseResult parsed)
    {
        var exponent = parsed.GetValue(_exponent);
        if (parsed.GetValue(_trace) is { } path)
        {
            return exponent is null
                ? [new HitRateSource("trace", null, RoutingTrace.Load(path))]
                : throw new CommandFailedException($"expected one of {_trace.Name} and {_exponent.Name}, found both", CommandFailedException.WrongUsage);
        }

        return exponent switch
        {
            null => HitRateSource.Published,
            >= 0 and <= 10 => [new HitRateSource("given", exponent, null)],
            _ => throw new CommandFailedException(string.Create(CultureInfo.InvariantCulture, $"{_exponent.Name}: expected 0..10, found {exponent}"), CommandFailedException.WrongUsage),
        };
    }

    private static double? AboveZero(Option<double?> option, ParseResult parsed) =>
        parsed.GetValue(option) is not { } value || (value > 0 && double.IsFinite(value))
            ? parsed.GetValue(option)
            : throw new CommandFailedException(string.Create(CultureInfo.InvariantCulture, $"{option.Name}: expected a number above 0, found {value}"), CommandFailedException.WrongUsage);
}
