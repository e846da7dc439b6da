using System.Reflection;
using Crescent.Engine.Chat;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Crescent.Server.Telemetry;

/// <summary>Sends spans and metrics of the engine, and the spans of the HTTP requests around them, to an OpenTelemetry collector (OTLP over HTTP). What it cannot send it drops.</summary>
internal sealed class TelemetryExport : IDisposable
{
    private const string Requests = "Microsoft.AspNetCore"; // their spans take up the caller's trace

    private readonly TracerProvider _traces;
    private readonly MeterProvider _metrics;

    /// <param name="collector">Its address, without the paths of OTLP.</param>
    public TelemetryExport(Uri collector)
    {
        var resource = ResourceBuilder.CreateDefault().AddService("crescent", serviceVersion: typeof(ChatTelemetry).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion);
        _traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource(ChatTelemetry.Name, Requests).AddOtlpExporter(options => Configure(options, collector, "v1/traces")).Build();
        _metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter(ChatTelemetry.Name).AddOtlpExporter(options => Configure(options, collector, "v1/metrics")).Build();
    }

    /// <summary>Sends what is left, for a moment.</summary>
    public void Dispose()
    {
        _traces.Dispose();
        _metrics.Dispose();
    }

    private static void Configure(OtlpExporterOptions options, Uri collector, string path)
    {
        options.Protocol = OtlpExportProtocol.HttpProtobuf;
        options.Endpoint = new Uri($"{collector.AbsoluteUri.TrimEnd('/')}/{path}");
    }
}
