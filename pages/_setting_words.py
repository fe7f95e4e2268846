"""What each setting is for, in words that can be translated; a test compares them with Settings."""

from pages._i18n import N_

HELP: dict[str, str] = {
    "GENERATOR_MODE": N_("mock or live: how a run is made that does not say it itself."),
    "LLM_LIVE_PROVIDER": N_("The text provider of a live run that does not name one."),
    "OLLAMA_BASE_URL": N_("Where Ollama answers."),
    "OLLAMA_TIMEOUT": N_("Longest silence of Ollama, in seconds, before a run fails."),
    "OLLAMA_DEFAULT_MODEL": N_("Ollama's model where no tier names another."),
    "OLLAMA_NUM_CTX": N_(
        "Context length asked of Ollama; the same for every run, because a change reloads "
        "the model. Empty: the server's own."
    ),
    "OLLAMA_KEEP_ALIVE": N_(
        "How long Ollama keeps a model loaded (5m, 1h, seconds, -1 for ever). Empty: the "
        "server's own."
    ),
    "OLLAMA_API_KEY": N_("Bearer token, for an Ollama behind a proxy that wants one."),
    "OLLAMA_CONCURRENCY": N_("Runs sent to Ollama at once; the others wait in line."),
    "LLM_MODEL_LIGHT": N_(
        "Model for light tasks (sns, review). Empty: the provider's default model."
    ),
    "LLM_MODEL_STANDARD": N_("Model for standard tasks (product_detail, free). Empty: as above."),
    "LLM_MODEL_HEAVY": N_("Model for heavy tasks (brand_kit, campaign). Empty: as above."),
    "OPENAI_BASE_URL": N_(
        "An OpenAI-compatible server, with its /v1 (vLLM, llama.cpp, LM Studio, a LiteLLM "
        "proxy …). Empty: not used."
    ),
    "OPENAI_API_KEY": N_("That server's key, if it wants one."),
    "OPENAI_DEFAULT_MODEL": N_("That server's model where none is chosen."),
    "OPENAI_TIMEOUT": N_("Longest silence of that server, in seconds."),
    "OPENAI_CONCURRENCY": N_("Runs sent to that server at once; the others wait in line."),
    "MOCK_TOKENS_PER_SECOND": N_("How fast the mock writes; 0 writes at once."),
    "MOCK_CONCURRENCY": N_("Mock runs at once."),
    "COMFYUI_BASE_URL": N_("Where ComfyUI answers."),
    "COMFYUI_TIMEOUT": N_(
        "Longest silence of ComfyUI without progress, in seconds, before a run fails."
    ),
    "COMFYUI_DEFAULT_CHECKPOINT": N_(
        "Checkpoint where none is chosen. Empty: the first that ComfyUI offers."
    ),
    "COMFYUI_CONCURRENCY": N_("Runs handed to ComfyUI at once; it has a queue of its own."),
    "IMAGE_LIVE_PROVIDER": N_("The picture provider of a live run that does not name one."),
    "PLAYGROUND_DATA_DIR": N_("Folder of playground.db and the pictures."),
    "PLAYGROUND_BACKUP_DIR": N_(
        "Folder of backups; best on another disk. Empty: backups in the data folder."
    ),
    "PLAYGROUND_ADMIN_PASSWORD": N_(
        "Opens the administrator's tools on Health. Empty: they are open on this machine only."
    ),
    "PLAYGROUND_LOG_LEVEL": N_("What the log tells: debug, info, warning or error."),
    "PLAYGROUND_LOG_FORMAT": N_("The log's lines: text for people, json for collectors."),
    "HEALTH_INTERVAL": N_("Seconds between two checks of each server's health."),
}
