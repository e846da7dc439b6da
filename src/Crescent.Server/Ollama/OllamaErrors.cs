using Crescent.Server.Http;
using Crescent.Server.Ollama.Wire;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Ollama;

/// <summary>Errors in Ollama's shape.</summary>
internal static class OllamaErrors
{
    public static Task WriteAsync(HttpContext context, ApiError error)
    {
        Replies.WriteRetryAfter(context, error);
        return Replies.WriteAsync(context, new OllamaError(error.Message), OllamaJson.Relaxed.OllamaError, error.Status);
    }
}
