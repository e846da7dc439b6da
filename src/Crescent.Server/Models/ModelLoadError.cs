using Crescent.Server.Http;

namespace Crescent.Server.Models;

/// <summary>What a client is told when a model cannot be loaded.</summary>
internal static class ModelLoadError
{
    private static readonly TimeSpan s_retryAfter = TimeSpan.FromSeconds(30);

    public static ApiException Of(string model, Exception exception)
    {
        var message = $"the model '{model}' could not be loaded: {exception.Message.ReplaceLineEndings(" ").Trim()}";
        return exception is OutOfMemoryException or InsufficientMemoryException
            ? new ApiException(new ApiError(503, "server_error", message, "model", "out_of_memory") { RetryAfter = s_retryAfter })
            : new ApiException(new ApiError(500, "server_error", message, "model", "model_load_failed"));
    }
}
