using System.Text.Json;
using Crescent.Server.Http;

namespace Crescent.Tests.Support;

internal static class Bodies
{
    public static JsonFields Of(string json) => new(JsonDocument.Parse(json).RootElement, "");
}
