namespace Keypace.Domain.Protocols.Bedrock;

/// <summary>AWS's errors in OpenAI's terms, from an answer's status or from the middle of a stream.</summary>
internal static class AwsFaults
{
    private const int MostNameCharacters = 100;

    /// <summary>An answer with another status than success.</summary>
    public static HubFault Of(int status, Func<string, string?> headerOf, ReadOnlyMemory<byte> body)
    {
        using var document = JsonMembers.TryParse(body);
        var root = document?.RootElement;
        var name = headerOf("x-amzn-errortype") ?? root.Text("__type") ?? root.Text("code");
        if (name is null && root.Text("message") is null && root.Text("Message") is null)
        {
            if (status < 400)
                return HubFault.Unreadable($"It sent {HubFault.Describe(body.Span)} with the status {status}.");
            return new HubFault(status, HubFault.TypeOf(status), "hub_error", $"It sent {HubFault.Describe(body.Span)}.");
        }

        // ThrottlingException:http://… in the header, com.amazon.coral#ThrottlingException in the body.
        name = (name ?? "").Split(':')[0];
        name = name[(name.LastIndexOf('#') + 1)..];
        return Named(name, root.Text("message") ?? root.Text("Message"), status);
    }

    /// <summary>An exception or an error in a stream.</summary>
    public static HubFault Of(EventMessage message)
    {
        using var document = JsonMembers.TryParse(message.Payload);
        var root = document?.RootElement;
        return Named(message.Name ?? "", message.ErrorWords ?? root.Text("message") ?? root.Text("Message") ?? root.Text("originalMessage"), null);
    }

    private static HubFault Named(string name, string? words, int? status)
    {
        // Streams write them with a small first letter.
        name = HubFault.Cleaned(name.Length > MostNameCharacters ? name[..MostNameCharacters] : name);
        name = name.Length == 0 ? "hub_error" : char.ToUpperInvariant(name[0]) + name[1..];
        var fitting = name switch
        {
            "ValidationException" or "BadRequestException" => 400,
            "ResourceNotFoundException" => 404,
            "ConflictException" => 409,
            "ThrottlingException" or "TooManyRequestsException" or "LimitExceededException" or "ServiceQuotaExceededException" => 429,
            "InternalServerException" or "InternalFailure" => 500,
            "ServiceUnavailableException" or "ServiceUnavailable" or "ModelNotReadyException" => 503,
            "ModelTimeoutException" => 504,
            "ModelErrorException" or "ModelStreamErrorException" or "BadGatewayException" or "DependencyFailedException" or "AccessDeniedException" => 502,
            _ => status is >= 400 and <= 599 ? status.Value : 502,
        };
        return new HubFault(fitting, HubFault.TypeOf(fitting), name, HubFault.Cleaned(words ?? name))
        {
            IsTerminal = name == "ServiceQuotaExceededException",
        };
    }
}
