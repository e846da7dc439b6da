namespace Crescent.Server.Http;

/// <summary>A request cannot be answered; the client learns why.</summary>
public sealed class ApiException(ApiError error) : Exception(error.Message)
{
    public ApiError Error { get; } = error;

    /// <param name="param">Path of the field, such as <c>messages[2].content</c>.</param>
    public static ApiException Invalid(string? param, string message, string? code = null) =>
        new(new ApiError(400, "invalid_request_error", param is null ? message : $"{param}: {message}", param, code));

    public static ApiException ModelNotFound(string name) =>
        new(new ApiError(404, "invalid_request_error", $"no model is named '{name}' (GET /v1/models lists them)", "model", "model_not_found"));
}
