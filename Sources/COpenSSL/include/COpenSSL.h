// What Fieldcast asks of OpenSSL 3, in shapes that Swift calls safely: no OpenSSL type and no macro
// of its headers gets past these files. One header a subject.
#ifndef COPENSSL_H
#define COPENSSL_H

#include "crypto.h"
#include "tls.h"

#endif
