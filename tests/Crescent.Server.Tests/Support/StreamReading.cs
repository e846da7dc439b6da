using System.Text.Json;
using Xunit;

namespace Crescent.Tests.Support;

/// <summary>Streams of other shapes than OpenAI's chat completions.</summary>
internal static class StreamReading
{
    /// <summary>Events, each with a name that its data repeats as type.</summary>
    public static async Task<List<JsonElement>> EventsAsync(this ServerScene scene, string path, string body)
    {
        var text = await TextAsync(scene, path, body, "text/event-stream");
        Assert.EndsWith("\n\n", text, StringComparison.Ordinal);
        return [.. text[..^2].Split("\n\n").Where(frame => !frame.StartsWith(':')).Select(Frame)];
    }

    /// <summary>Lines of JSON.</summary>
    public static async Task<List<JsonElement>> LinesAsync(this ServerScene scene, string path, string body)
    {
        var text = await TextAsync(scene, path, body, "application/x-ndjson");
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        return [.. text[..^1].Split('\n').Select(line => JsonDocument.Parse(line).RootElement)];
    }

    /// <summary>The body of a reply that fails with a status, whatever the shape of its error.</summary>
    public static async Task<JsonElement> FailedAsync(this ServerScene scene, int status, string path, string body)
    {
        using var response = await scene.PostAsync(path, body);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True((int)response.StatusCode == status, $"expected {status}, found {(int)response.StatusCode}: {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    public static string Type(this JsonElement one) => one.GetProperty("type").GetString()!;

    public static int Int(this JsonElement element, string name) => element.GetProperty(name).GetInt32();

    public static string? Text(this JsonElement element, string name) => element.GetProperty(name).GetString();

    private static async Task<string> TextAsync(ServerScene scene, string path, string body, string mediaType)
    {
        using var response = await scene.PostAsync(path, body);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"expected success, found {(int)response.StatusCode}: {text}");
        Assert.Equal(mediaType, response.Content.Headers.ContentType!.MediaType);
        return text;
    }

    private static JsonElement Frame(string frame)
    {
        var lines = frame.Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.StartsWith("event: ", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("data: ", lines[1], StringComparison.Ordinal);
        var data = JsonDocument.Parse(lines[1]["data: ".Length..]).RootElement;
        Assert.Equal(lines[0]["event: ".Length..], data.Type());
        return data;
    }
}
